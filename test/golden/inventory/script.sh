#!/bin/sh
case $1 in
--list) echo '{"web": {"hosts": ["w1", "w2"], "vars": {"a": "{{ b }}", "n": 2}, "children": ["sub"]}, "sub": ["s1"], "empty": {"hosts": []}}' ;;
--host) echo "{\"me\": \"$2\"}" ;;
esac

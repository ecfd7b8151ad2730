import { expect } from 'chai'
import { compileExpression, defaultEnvironment, repr } from '../../../../core/language/index.ts'

const at = { file: 'x', line: 1, column: 1 }

function ask(source: string): string {
  const scope = { get: () => undefined, names: () => [], environment: defaultEnvironment() }
  return repr(compileExpression(source, at).evaluate(scope))
}

const table: [source: string, expected: string][] = [
  ["'192.0.2.5/24' | ipaddr", "'192.0.2.5/24'"],
  ["'nonsense' | ipaddr", 'False'],
  ["'' | ipaddr", 'False'],
  ["'192.0.2.5/24' | ipaddr('address')", "'192.0.2.5'"],
  ["'192.0.2.5/24' | ansible.utils.ipaddr('network')", "'192.0.2.0'"],
  ["'192.0.2.5/24' | ipaddr('netmask')", "'255.255.255.0'"],
  ["'192.0.2.5/255.255.255.0' | ipaddr('prefix')", '24'],
  ["'192.0.2.5/24' | ipaddr('broadcast')", "'192.0.2.255'"],
  ["'192.0.2.5/24' | ipaddr('subnet')", "'192.0.2.0/24'"],
  ["'192.0.2.5/24' | ipaddr('host/prefix')", "'192.0.2.5/24'"],
  ["'192.0.2.0/24' | ipaddr('host')", 'False'],
  ["'192.0.2.0/24' | ipaddr('net')", "'192.0.2.0/24'"],
  ["'192.0.2.5/24' | ipaddr('net')", 'False'],
  ["'192.0.2.0/24' | ipaddr('size')", '256'],
  ["'192.0.2.0/24' | ipaddr('first_usable')", "'192.0.2.1'"],
  ["'192.0.2.0/24' | ipaddr('range_usable')", "'192.0.2.1-192.0.2.254'"],
  ["'192.0.2.254/24' | ipaddr('next_usable')", 'False'],
  ["'192.0.2.5/30' | ipaddr('peer')", "'192.0.2.6'"],
  ["'192.0.2.0/24' | ipaddr(10)", "'192.0.2.10/24'"],
  ["'192.0.2.0/24' | ipaddr('-2')", "'192.0.2.254/24'"],
  ["'192.0.2.5' | ipaddr('192.0.2.0/24')", "'192.0.2.5'"],
  ["'192.0.3.5' | ipaddr('192.0.2.0/24')", 'False'],
  ["['10.0.0.1', '8.8.8.8', 'x'] | ipaddr('private')", "['10.0.0.1']"],
  ["['10.0.0.1', '8.8.8.8'] | ipaddr('public')", "['8.8.8.8']"],
  ["['10.0.0.1', 'fe80::1'] | ipv6", "['fe80::1']"],
  ["['10.0.0.1', 'fe80::1'] | ipv4", "['10.0.0.1']"],
  ["'2001:DB8:0:0:1:0:0:1/64' | ipaddr('network')", "'2001:db8::'"],
  ["'2001:db8:0:0:1:0:0:1' | ipaddr", "'2001:db8::1:0:0:1'"],
  ["'::ffff:192.0.2.1' | ipv6('int')", '281473902969345'],
  ["'192.0.2.5' | ipaddr('revdns')", "'5.2.0.192.in-addr.arpa.'"],
  ["'192.168.0.0/16' | ipsubnet(20)", '16'],
  ["'192.168.0.0/16' | ipsubnet(20, 0)", "'192.168.0.0/20'"],
  ["'192.168.0.0/16' | ipsubnet(20, -1)", "'192.168.240.0/20'"],
  ["'192.168.144.5' | ipsubnet(20)", "'192.168.144.0/20'"],
  ["'192.168.1.5' | ipmath(5)", "'192.168.1.10'"],
  ["'192.168.0.5' | ipmath(-10)", "'192.167.255.251'"],
  ["'10.0.0.0/8' | nthhost(305)", "'10.0.1.49'"],
  ["'192.168.122.1/24' | next_nth_usable(2)", "'192.168.122.3'"],
  ["'192.168.0.0/24' | network_in_usable('192.168.0.5')", 'True'],
  ["'192.168.0.0/24' | network_in_usable('192.168.0.255')", 'False'],
  ["['192.168.0.0/17', '192.168.128.0/17', '192.168.128.1'] | cidr_merge", "['192.168.0.0/16']"],
  ["['192.168.1.0/24', '192.168.2.0/24'] | cidr_merge", "['192.168.1.0/24', '192.168.2.0/24']"],
  ["['192.168.1.1', '192.168.1.2', '192.168.1.3'] | cidr_merge('span')", "'192.168.1.0/30'"],
]

describe('filters of addresses', () => {
  for (const [source, expected] of table) it(source, () => expect(ask(source)).to.equal(expected))
  it('names an unknown query', () =>
    expect(() => ask("'192.0.2.1' | ipaddr('nosuch')")).to.throw(/unknown filter type: nosuch/))
})

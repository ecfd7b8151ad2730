import { type Planted, shapes } from './planted.ts'

/**
 * A playbook with secrets in every place: `texts`, `deep`, `loops`, `named`, `extra`, `included` and `from_vars_file` come
 * from vaults beside it.
 */
export async function playbookWithSecrets(
  planted: Planted,
  tagged: (text: string) => Promise<string>,
  environment: string,
): Promise<string> {
  const q = (text: string): string => JSON.stringify(text)
  const hidden = (where: string, shape = 0): string => q(planted.add(`no_log: ${where}`, shapes[shape]))
  const inline = await Promise.all(
    shapes.map(async (shape, i) => `        - ${await tagged(planted.add(`!vault ${i}`, shape))}`),
  )
  return `
- hosts: by_password
  gather_facts: false
  tasks:
    - command: sleep 0.37
      changed_when: false
- hosts: all:!by_password
  become: true
  gather_facts: true
  vars_files: [vaulted.yml]
  vars:
    inline:
${inline.join('\n')}
    one: "{{ texts[0] }}"
    composed: "user={{ named.api }};x={{ texts[1] }}"
    passed: ${await tagged(environment)}
  handlers:
    - name: restart {{ named.handled }}
      shell: cat >/dev/null
      args: { stdin: "{{ named.handled }}" }
      changed_when: true
    - name: heard
      listen: told
      debug: msg="handled {{ named.handled }}"
  tasks:
    - include_vars: included.yml
    - debug: var=texts
    - debug: msg="{{ composed }} {{ inline }} {{ extra }} {{ included }} {{ from_vars_file }}"
    - debug: { var: deep, verbosity: 1 }
    - debug: { var: hostvars }
    - debug: msg="{{ texts | to_nice_json }} {{ texts | to_nice_yaml }} {{ inline[1] | quote }} {{ inline[3] | b64encode }}"
    - name: call with {{ named.api }}
      debug: msg=named
    - file: path=/root/planted state=directory mode=0700
    - copy: { content: "{{ item }}", dest: "/root/planted/copied-{{ index }}" }
      loop: "{{ texts }}"
      loop_control: { index_var: index }
      notify: ["restart {{ named.handled }}", told]
    - template: src=t.j2 dest=/root/planted/templated
      vars: { one: "{{ item }}" }
      loop: "{{ loops }}"
    - copy: { src: vaulted.txt, dest: /root/planted/vaulted }
    - lineinfile: { path: /root/planted/edited, line: "key={{ inline[0] }}", create: true }
    - lineinfile: { path: /root/planted/edited, regexp: "^key=", line: "key={{ inline[3] }}" }
    - shell: cat; sleep 0.37
      args: { stdin: "{{ texts | join(' ') }}" }
      register: said
      changed_when: false
    - debug: var=said
    - set_fact: { kept: "{{ said.stdout | default('none') }}!", other: "{{ loops }}" }
    - debug: msg="{{ kept }} {{ other }}"
    - command: cat /root/planted/vaulted
      register: vaulted
      changed_when: false
      ignore_errors: true
    - debug: var=vaulted
    - shell: cat >&2; exit 3
      args: { stdin: "{{ item }}" }
      loop: "{{ loops }}"
      ignore_errors: true
    - shell: printf '%s' "$TOKEN"; sleep 0.2
      environment: { TOKEN: "{{ passed }}" }
      changed_when: false
    - fail: msg="no {{ texts[3] }}"
      ignore_errors: true
    - assert: { that: "texts[1] == 'x'", fail_msg: "it is {{ texts[1] }}" }
      ignore_errors: true
    - file: { path: /root/planted, mode: "{{ named.api }}" }
      ignore_errors: true
    - file: { path: /root/planted, state: "{{ named.api }}" }
      ignore_errors: true
    - command: "/nowhere/{{ named.api }}x"
      ignore_errors: true
      when: false
    - debug: msg="{{ named[named.api] }}"
      ignore_errors: true
    - debug: msg="{{ lookup('file', named.api) }}"
      ignore_errors: true
    - name: hidden arguments
      shell: cat
      args: { stdin: ${hidden('stdin')} }
      no_log: true
      register: quiet
      changed_when: false
    - debug: var=quiet
    - name: hidden content
      copy: { content: ${hidden('content', 2)}, dest: /root/planted/quiet }
      no_log: true
    - command: cat /root/planted/quiet
      changed_when: false
      ignore_errors: true
    - name: hidden failure
      shell: cat >&2; exit 1
      args: { stdin: ${hidden('failing', 1)} }
      no_log: true
      ignore_errors: true
    - name: hidden items
      copy: { content: "{{ item }}", dest: /root/planted/quiet-item }
      loop: [${[3, 4, 5, 6, 8].map((shape) => hidden(`item ${shape}`, shape)).join(', ')}]
      no_log: true
      register: items
    - debug: var=items
    - name: a user
      user: { name: planteduser, password: "{{ '$6$' ~ (named.api | hash('sha512')) }}" }
      no_log: true
    - name: at last
      debug: msg={{ kept }}
      delegate_to: localhost
      become: false
`
}

/** One bastion as ProxyJump names it. */
export interface JumpHost {
  readonly address: string
  readonly user?: string
  readonly port?: number
}

/** `user@bastion:port,[::1]:2222,ssh://second`; `none` is none. Undefined when it is not a ProxyJump. */
export function parseProxyJump(text: string): JumpHost[] | undefined {
  if (text.trim().toLowerCase() === 'none') return []
  const hosts = text.split(',').map((part) => parseHost(part.trim()))
  return hosts.every((host) => host !== undefined) ? hosts : undefined
}

function parseHost(text: string): JumpHost | undefined {
  const match =
    /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:@[\]/-][^\s:@[\]/]*))(?::(\d{1,5}))?\/?$/.exec(text)
  const address = match?.[2] ?? match?.[3]
  if (!match || address === undefined) return undefined
  const port = match[4] === undefined ? undefined : Number(match[4])
  if (port !== undefined && (port < 1 || port > 65535)) return undefined
  return { address, ...(match[1] !== undefined && { user: match[1] }), ...(port !== undefined && { port }) }
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `5.3 GiB` */
export function sizeText(bytes: number): string {
  let unit = 0
  let value = bytes
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}

/** `110 MB/s`: links are told in powers of ten. */
export function rateText(bytesPerSecond: number): string {
  const value = bytesPerSecond / 1e6
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} MB/s`
}

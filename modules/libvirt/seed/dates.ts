/*
 * The one date of every image: the same content is the same bytes, whoever makes it and when. 2000-01-01, 00:00 UTC.
 */

/** Of a directory record (ECMA-119, 9.1.5): years since 1900, month, day, hour, minute, second, offset from GMT. */
export const RECORD_DATE = Buffer.from([100, 1, 1, 0, 0, 0, 0])

/** Of a volume descriptor (ECMA-119, 8.4.26.1): sixteen digits, offset from GMT. */
export const VOLUME_DATE = Buffer.from('2000010100000000\0', 'latin1')

/** A date that is not specified. */
export const NO_DATE = Buffer.from('0000000000000000\0', 'latin1')

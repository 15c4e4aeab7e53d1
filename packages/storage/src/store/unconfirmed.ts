/**
 * The store answered a write with success but without the ETag that says what it has. A proxy may have
 * answered in its place; what became of the request is not known.
 */
export class Unconfirmed extends Error {
  constructor() {
    super(
      'the store answered with success and without an ETag; check "endpoint" and proxies before it',
    )
  }
}

/**
 * The ETag of an answer, without quotes.
 *
 * @throws {Unconfirmed} when there is none
 */
export function confirmedEtag(etag: string | undefined): string {
  const bare = (etag ?? '').replaceAll('"', '')
  if (bare === '') throw new Unconfirmed()
  return bare
}

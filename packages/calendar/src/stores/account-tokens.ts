/** What Google gave for one account. */
export interface CalendarTokens {
  readonly accessToken: string
  readonly refreshToken: string
  /** When the access token is to be replaced, in milliseconds since 1970: a little before it expires. */
  readonly refreshAt: number
  /** What the person allowed. */
  readonly scopes: readonly string[]
  /** The Google account's address, and Google's number of it, which stays when the address changes. */
  readonly email?: string | undefined
  readonly subject?: string | undefined
  /** When the person allowed it, in milliseconds since 1970. */
  readonly connectedAt?: number | undefined
  /** Google takes the refresh token no more: since when (milliseconds since 1970), and in which word. */
  readonly ended?: { readonly at: number; readonly why: string } | undefined
}

/** The tokens of one account as the store has them. */
export interface StoredAccount {
  readonly tokens: CalendarTokens
  /** Another one with every change. */
  readonly version: number
}

/** Writes tokens as text, to be sealed. */
export function tokensToText({
  accessToken,
  refreshToken,
  refreshAt,
  scopes,
  email,
  subject,
  connectedAt,
  ended,
}: CalendarTokens): string {
  const said = { accessToken, refreshToken, refreshAt, scopes, email, subject, connectedAt, ended }
  return JSON.stringify(said)
}

/** @throws {Error} on a text that {@link tokensToText} did not write; it is not in the message */
export function tokensFromText(text: string): CalendarTokens {
  let value: Partial<CalendarTokens> | null
  try {
    value = JSON.parse(text) as Partial<CalendarTokens> | null
  } catch {
    value = null
  }
  const { accessToken, refreshToken, refreshAt, scopes } = value ?? {}
  const { email, subject, connectedAt, ended } = value ?? {}
  if (
    typeof accessToken !== 'string' ||
    typeof refreshToken !== 'string' ||
    typeof refreshAt !== 'number' ||
    !Array.isArray(scopes)
  ) {
    throw new Error('What the cipher opened is not what was sealed: no tokens are in it')
  }
  return {
    accessToken,
    refreshToken,
    refreshAt,
    scopes,
    ...(typeof email === 'string' ? { email } : {}),
    ...(typeof subject === 'string' ? { subject } : {}),
    ...(typeof connectedAt === 'number' ? { connectedAt } : {}),
    ...(ended === undefined ? {} : { ended }),
  }
}

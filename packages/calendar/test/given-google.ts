/** An OAuth client, and an account that has allowed it its calendars. */
export interface GivenGoogle {
  readonly clientId: string
  readonly clientSecret: string
  /** Of the scopes `openid`, `email`, `…/auth/calendar` and `…/auth/calendar.events.owned`. */
  readonly refreshToken: string
  readonly tokenUrl: string
  readonly apiRoot: string
}

/** The account that the environment names, if it does: nothing of it is touched but one calendar that the tests make. */
export function givenGoogle(): GivenGoogle | undefined {
  const { YUZURU_TEST_GOOGLE_CLIENT_ID: clientId, YUZURU_TEST_GOOGLE_CLIENT_SECRET: clientSecret } =
    process.env
  const { YUZURU_TEST_GOOGLE_REFRESH_TOKEN: refreshToken } = process.env
  if (refreshToken === undefined) return undefined
  if (clientId === undefined || clientSecret === undefined) {
    throw new TypeError(
      'Expected YUZURU_TEST_GOOGLE_CLIENT_ID and YUZURU_TEST_GOOGLE_CLIENT_SECRET beside YUZURU_TEST_GOOGLE_REFRESH_TOKEN',
    )
  }
  const google = {
    tokenUrl: 'https://oauth2.googleapis.com/token',
    apiRoot: 'https://www.googleapis.com/',
  }
  return { clientId, clientSecret, refreshToken, ...google }
}

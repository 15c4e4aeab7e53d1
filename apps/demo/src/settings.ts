/** Where the outside world is and how to get in. Handed to the worker process as a message. */
export interface Settings {
  /** Where people reach the app: links in mails, OAuth's and Stripe's way back. */
  readonly publicUrl: string
  /** Signs what the app hands out (sign-in links, OAuth's state). */
  readonly appSecret: string
  /** AES-256 keys for encrypted columns, by id, base64; `current` seals. */
  readonly encryption: {
    readonly keys: Readonly<Record<string, string>>
    readonly current: string
  }
  readonly databaseUrl: string
  readonly storage: {
    readonly endpoint: string
    readonly region: string
    readonly bucket: string
    readonly accessKeyId: string
    readonly secretAccessKey: string
  }
  readonly mail: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly password: string
  }
  readonly stripe: {
    readonly url: string
    readonly secretKey: string
    readonly webhookSecret: string
  }
  readonly google: {
    readonly authUrl: string
    readonly tokenUrl: string
    readonly revokeUrl: string
    readonly calendarUrl: string
    readonly clientId: string
    readonly clientSecret: string
  }
}

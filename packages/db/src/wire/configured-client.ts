import { Client, type ClientConfig } from 'pg'
import { expectPgInternals } from './pg-internals.ts'

/** A method of pg's `Client` that its types leave out. */
interface StartupConf {
  getStartupConf(): Record<string, string>
}

/** A client that sends settings along when it connects. */
export class ConfiguredClient extends Client {
  readonly #startupSettings: Readonly<Record<string, string>>

  /**
   * @param startupSettings by their names on the server
   * @throws {TypeError} when the installed pg is not shaped as this package needs it
   */
  constructor(config: ClientConfig, startupSettings: Readonly<Record<string, string>>) {
    super(config)
    this.#startupSettings = startupSettings
    expectPgInternals(this)
  }

  /** Called by pg when it connects. */
  getStartupConf(): Record<string, string> {
    const pg = Client.prototype as unknown as StartupConf
    return { ...pg.getStartupConf.call(this), ...this.#startupSettings }
  }
}

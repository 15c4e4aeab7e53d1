import { Client, type ClientConfig } from 'pg'
import { guardAnswers } from './guard-answers.ts'
import { expectPgInternals } from './pg-internals.ts'

/** A method of pg's `Client` that its types leave out. */
interface StartupConf {
  getStartupConf(): Record<string, string>
}

/** A client that sends settings when it connects. */
export class ConfiguredClient extends Client {
  readonly #startupSettings: Readonly<Record<string, string>>

  /**
   * @param startupSettings by their names on the server
   * @param maxAnswerBytes the most bytes that the answer to one statement may take
   * @throws {TypeError} when the installed pg lacks internals that this package needs
   */
  constructor(
    config: ClientConfig,
    startupSettings: Readonly<Record<string, string>>,
    maxAnswerBytes: number,
  ) {
    super(config)
    this.#startupSettings = startupSettings
    expectPgInternals(this)
    const { connection } = this as unknown as { readonly connection: object }
    guardAnswers(connection, maxAnswerBytes)
  }

  /** Called by pg when it connects. */
  getStartupConf(): Record<string, string> {
    const pg = Client.prototype as unknown as StartupConf
    return { ...pg.getStartupConf.call(this), ...this.#startupSettings }
  }
}

import type { Stripe } from 'stripe'
import { BillingError } from '../billing-error.ts'
import { whileInUse } from '../stripe/in-use.ts'
import type { StripeCalls } from '../stripe/stripe-calls.ts'
import { CLAIM_KEY } from './session-parameters.ts'

type Session = Stripe.Checkout.Session

const answers = 'checkout.session'

/** Stripe's checkout sessions for subscriptions. */
export class Sessions {
  readonly #calls: StripeCalls

  constructor(calls: StripeCalls) {
    this.#calls = calls
  }

  /** Those of a customer in which one can subscribe now. */
  async open(customer: string): Promise<readonly Session[]> {
    const call = { operation: 'checkout.sessions.list', effect: 'read' } as const
    const found = await this.#calls.run(call, async (stripe, request) => {
      const filter = { customer, status: 'open', limit: 100 } as const
      return await Array.fromAsync(stripe.checkout.sessions.list(filter, request))
    })
    return found.filter(({ mode }) => mode === 'subscription')
  }

  /** Opens one, or gives the one that the same key has opened, as it stands now. */
  async create(
    idempotencyKey: string,
    parameters: Stripe.Checkout.SessionCreateParams,
  ): Promise<Session> {
    const operation = 'checkout.sessions.create'
    const call = { operation, effect: 'idempotent', idempotencyKey, answers } as const
    const session = await whileInUse(() =>
      this.#calls.run(call, (stripe, request) =>
        stripe.checkout.sessions.create(parameters, request),
      ),
    )
    return isReplay(session) ? await this.#read(session.id) : session
  }

  /** Has nobody subscribe in it any more. @returns how it stands: somebody may have been faster */
  async expire(id: string): Promise<Session['status']> {
    const operation = 'checkout.sessions.expire'
    try {
      const call = { operation, effect: 'idempotent', answers } as const
      const { status } = await this.#calls.run(call, (stripe, request) =>
        stripe.checkout.sessions.expire(id, {}, request),
      )
      return status
    } catch (error) {
      if (!BillingError.isInstance(error)) throw error
      if (error.code === 'not_found') return 'expired'
      if (error.code !== 'invalid_request') throw error
      const { status } = await this.#read(id)
      if (status === 'open') throw error
      return status
    }
  }

  async #read(id: string): Promise<Session> {
    const call = { operation: 'checkout.sessions.retrieve', effect: 'read', answers } as const
    return await this.#calls.run(call, (stripe, request) =>
      stripe.checkout.sessions.retrieve(id, {}, request),
    )
  }
}

/** The session among them that was opened for a claim. */
export function sessionOf(sessions: readonly Session[], key: string): Session | undefined {
  return sessions.find(({ metadata }) => metadata?.[CLAIM_KEY] === key)
}

/** Whether it is a stored answer, which does not say what has become of the session since. */
function isReplay({ lastResponse }: Stripe.Response<unknown>): boolean {
  return lastResponse.headers['idempotent-replayed'] === 'true'
}

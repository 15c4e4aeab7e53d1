import type { Office } from './offices.ts'
import { seeded } from './seeded.ts'

type Kind = 'approve' | 'upload' | 'large upload' | 'subscribe' | 'meet'

/** What the caller was made to believe. `not-done` is a promise. */
export type Claim = 'done' | 'not-done' | 'unknown'

/** One operation of the load, and what its caller may claim in the end. */
export interface Operation {
  readonly kind: Kind
  /** No other operation has it. */
  readonly title: string
  readonly claims: {
    create?: Claim
    approve?: Claim
    upload?: Claim
    subscribe?: Claim
    meet?: Claim
  }
  planId?: string | undefined
  /** Of the document, in hexadecimal. */
  sha256?: string
  /** Who subscribes. */
  office?: Office
}

/** Whether all that an operation asked for was done, as far as its caller may claim. */
export function isDone({ claims }: Operation): boolean {
  return Object.values(claims).every((claim) => claim === 'done')
}

/** Of a hundred operations. */
const SHARES: readonly (readonly [Kind, number])[] = [
  ['approve', 30],
  ['upload', 30],
  ['large upload', 5],
  ['subscribe', 15],
  ['meet', 20],
]

/** The operations of a run: the same ones for the same seed. */
export function planOperations(seed: number, count: number): Operation[] {
  const random = seeded(seed)
  return Array.from({ length: count }, (_, index) => {
    let rest = random() * 100
    const [kind] = SHARES.find(([, share]) => (rest -= share) < 0) ?? ['approve' as const]
    return { kind, title: `chaos ${seed} #${index}`, claims: {} }
  })
}

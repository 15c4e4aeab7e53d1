import type { Office } from './offices.ts'
import { seeded } from './seeded.ts'

export type Kind = 'approve' | 'upload' | 'large upload' | 'subscribe' | 'meet'

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

/**
 * The operations of a run: the same ones for the same seed.
 *
 * @param wanted the kind of some, by their place
 */
export function planOperations(
  seed: number,
  count: number,
  wanted: ReadonlyMap<number, Kind> = new Map(),
): Operation[] {
  const random = seeded(seed)
  return Array.from({ length: count }, (_, index) => {
    let rest = random() * 100
    const [drawn] = SHARES.find(([, share]) => (rest -= share) < 0) ?? ['approve' as const]
    return { kind: wanted.get(index) ?? drawn, title: `chaos ${seed} #${index}`, claims: {} }
  })
}

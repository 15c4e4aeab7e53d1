import { expectRequiredOptions } from '@yuzuru/concurrency/boundary'
import type { CalendarStore } from './calendar-store.ts'
import { SealedRows } from './sealed-rows.ts'
import { expectCipher, type TokenCipher } from './token-cipher.ts'

interface AccountRow {
  readonly sealed: string
  readonly version: number
  /** Nobody has the right where it is not set; in the past, it was not given back. */
  leaseUntil: number | undefined
}

interface PendingRow {
  readonly reference: string
  readonly sealed: string
  readonly expiresAt: number
}

/** Options of {@link memoryCalendarStore}. */
export interface MemoryCalendarStoreOptions {
  readonly cipher: TokenCipher
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined
}

/** A store in memory, and what it holds. */
export interface MemoryCalendarStore extends CalendarStore {
  /** The sealed text of each account, by reference. */
  rows(): ReadonlyMap<string, string>
}

/** Keeps tokens in memory, as a database would: sealed. For tests. */
export function memoryCalendarStore(options: MemoryCalendarStoreOptions): MemoryCalendarStore {
  expectRequiredOptions(options, ['cipher', 'now'], 'memoryCalendarStore')
  const { cipher, now = Date.now } = options
  expectCipher(cipher)
  const sealing = new SealedRows(cipher)
  const accounts = new Map<string, AccountRow>()
  const pendings = new Map<string, PendingRow>()
  let versions = 0
  const at = (reference: string, version: number): AccountRow | undefined => {
    const row = accounts.get(reference)
    return row?.version === version ? row : undefined
  }
  return {
    rows: () => new Map(Array.from(accounts, ([reference, { sealed }]) => [reference, sealed])),
    async load(reference) {
      const row = accounts.get(reference)
      if (row === undefined) return undefined
      return { tokens: await sealing.openTokens(reference, row.sealed), version: row.version }
    },
    async put(reference, tokens) {
      const sealed = await sealing.sealTokens(reference, tokens)
      accounts.set(reference, { sealed, version: ++versions, leaseUntil: undefined })
    },
    async replace(reference, version, tokens) {
      const sealed = await sealing.sealTokens(reference, tokens)
      if (at(reference, version) === undefined) return false
      accounts.set(reference, { sealed, version: ++versions, leaseUntil: undefined })
      return true
    },
    remove: (reference, version) =>
      Promise.resolve(at(reference, version) !== undefined && accounts.delete(reference)),
    claimRefresh(reference, version, leaseMs) {
      const row = at(reference, version)
      const until = row?.leaseUntil
      if (row === undefined || (until !== undefined && until > now())) return Promise.resolve(false)
      row.leaseUntil = now() + leaseMs
      return Promise.resolve({ unsettled: until !== undefined })
    },
    releaseRefresh(reference, version, unsettled) {
      const row = at(reference, version)
      if (row !== undefined) row.leaseUntil = unsettled ? now() : undefined
      return Promise.resolve()
    },
    async putPending(key, pending, lifetimeMs) {
      const { reference } = pending
      const sealed = await sealing.sealPending(pending)
      for (const [other, row] of pendings) if (row.expiresAt <= now()) pendings.delete(other)
      pendings.set(key, { reference, sealed, expiresAt: now() + lifetimeMs })
    },
    async takePending(key) {
      const row = pendings.get(key)
      pendings.delete(key)
      if (row === undefined || row.expiresAt <= now()) return undefined
      return await sealing.openPending(row.reference, row.sealed)
    },
  }
}

import type { IHasher } from 'hash-wasm'
import type { CrcKind } from './combine-crc.ts'
import type { Hasher } from './hasher.ts'

/** One engine of each kind, loaded on first use. It loads the state of the stream whose turn it is. */
const engines = new Map<CrcKind, Promise<IHasher>>()

/** Computes CRC-32C or CRC-64/NVME as bytes pass, in WebAssembly; Node itself has CRC-32 alone. */
export async function openCrc(kind: CrcKind): Promise<Hasher> {
  const loading = engines.get(kind) ?? load(kind)
  engines.set(kind, loading)
  const engine = await loading
  let state = engine.init().save()
  return {
    update(bytes) {
      state = engine.load(state).update(bytes).save()
    },
    digest() {
      return Buffer.from(engine.load(state).digest('hex'), 'hex')
    },
  }
}

async function load(kind: CrcKind): Promise<IHasher> {
  const { createCRC32, createCRC64 } = await import('hash-wasm')
  return kind.bits === 32
    ? await createCRC32(Number(kind.polynomial))
    : await createCRC64(kind.polynomial.toString(16).padStart(16, '0'))
}

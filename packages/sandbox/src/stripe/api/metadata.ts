import { invalid } from './error.ts'
import type { Metadata } from '../core/objects.ts'
import type { Parameter } from './parameters.ts'

/** What a request says about metadata: keys to set, and (as empty strings) keys to unset. */
export type MetadataChange = Metadata | 'clear'

/** Up to 50 keys of 40 characters, values of 500. Source: https://docs.stripe.com/api/metadata */
export function metadata(): Parameter<MetadataChange> {
  return {
    read(value, name) {
      if (value === '') return 'clear'
      if (typeof value === 'string') throw invalid('Invalid object', name)
      const change: Metadata = {}
      for (const [key, text] of Object.entries(value)) {
        const at = `${name}[${key}]`
        if (typeof text !== 'string') throw invalid('Metadata values must be strings', at)
        if (key.length > 40) throw invalid('Metadata keys must be at most 40 characters', at)
        if (text.length > 500) throw invalid('Metadata values must be at most 500 characters', at)
        Object.defineProperty(change, key, { value: text, enumerable: true, writable: true })
      }
      return change
    },
  }
}

/** The metadata after the change: merged key by key, an empty string unsets its key. */
export function applyMetadata(current: Metadata, change: MetadataChange | undefined): Metadata {
  if (change === undefined) return current
  if (change === 'clear') return {}
  const merged = Object.entries({ ...current, ...change }).filter(([, value]) => value !== '')
  if (merged.length > 50) throw invalid('Metadata can have at most 50 keys', 'metadata')
  return Object.fromEntries(merged)
}

export { memoryBillingStore } from './memory-store.ts'

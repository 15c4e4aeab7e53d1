import { configureGlobal } from 'fast-check'
import { seed } from './seed.ts'

configureGlobal({ seed })

export * from 'fast-check'
export { default } from 'fast-check'

export { default } from '@yuzuru/tooling/vitest'

export { plugin as default } from './lint/lint-plugin.ts'

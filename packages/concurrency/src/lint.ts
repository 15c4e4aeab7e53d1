export { plugin as default } from './lint-plugin.ts'

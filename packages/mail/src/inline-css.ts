export { inlineCss } from './templates/inlined-css.ts'

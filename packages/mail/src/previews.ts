export { type PreviewOptions, previews, type PreviewTemplate } from './previews/previews.ts'

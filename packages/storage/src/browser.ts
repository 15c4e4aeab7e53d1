export type { BrowserUpload } from './browser/browser-upload.ts'
export { uploadFile } from './browser/upload-file.ts'
export { UploadFileError } from './browser/upload-file-error.ts'
export type { UploadFileOptions } from './browser/upload-file-options.ts'

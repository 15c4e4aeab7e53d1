import { expect, test } from 'vitest'
import { uploadFile } from './upload-file.ts'

const upload = { bytes: 1, partSizeBytes: 1, parts: [], headers: {} }

test.each([
  ['parallel', 0, 'an integer from 1 to 64, got 0'],
  ['parallel', 65, 'an integer from 1 to 64, got 65'],
  ['parallel', '3', 'an integer from 1 to 64, got string'],
  ['attempts', 1.5, 'an integer from 1 to 100, got 1.5'],
  ['attempts', Infinity, 'an integer from 1 to 100, got Infinity'],
  ['maxBytes', -1, 'a number from 0 up, got -1'],
  ['maxBytes', NaN, 'a number from 0 up, got NaN'],
  ['resume', 1, 'a boolean, got 1'],
  ['renew', {}, 'a function, got object'],
  ['onProgress', null, 'a function, got null'],
  ['signal', {}, 'an AbortSignal, got object'],
])('an upload from a page takes no %s of %j', async (name, value, told) => {
  const sending = uploadFile(new Blob(['x']), upload, { [name]: value })
  await expect(sending).rejects.toThrow(new TypeError(`Expected ${name} to be ${told}`))
})

test('an upload from a page needs a file and an upload', async () => {
  const noFile = uploadFile('x' as never, upload)
  await expect(noFile).rejects.toThrow('Expected file to be a Blob, got string')
  const noUpload = uploadFile(new Blob(['x']), { bytes: 1 } as never)
  await expect(noUpload).rejects.toThrow('Expected upload to be what storage.presignUpload gives')
})

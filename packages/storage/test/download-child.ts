/**
 * A process that is killed in the middle of a download to a file. Its arguments: the endpoint, the
 * bucket, and the file.
 */
import { createStorage } from '../src/create-storage.ts'

const [endpoint = '', bucket = '', path = ''] = process.argv.slice(2)
const credentials = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox-secret-key' }
const storage = createStorage({ endpoint, bucket, credentials })
const object = await storage.download('key')
await object.saveTo(path, { resume: true })

import type { Storage } from '@yuzuru/storage'
import type { Plan } from './schema.ts'

const keyOf = ({ id }: Plan): string => `plans/${id}.txt`

/** Stores the document of a plan; to do it twice is to do it once. */
export async function storeDocument(storage: Storage, plan: Plan): Promise<void> {
  await storage.upload(keyOf(plan), `${plan.title}\n`, {
    contentType: 'text/plain; charset=utf-8',
    filename: `${plan.title}.txt`,
  })
}

/** Where a browser gets it from the store itself, for a quarter of an hour. */
export async function documentUrl(storage: Storage, plan: Plan): Promise<string> {
  const { url } = await storage.presignGet(keyOf(plan), { expiresInSeconds: 900 })
  return url
}

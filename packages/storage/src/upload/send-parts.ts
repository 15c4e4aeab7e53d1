import { taskGroup, throwIfCancelled } from '@yuzuru/concurrency'
import type { UploadedPart } from '../store/object-backend.ts'
import { step, translated } from '../store/storage-context.ts'
import type { Part, PartReader } from './part-reader.ts'
import { isPresent } from './resume-upload.ts'
import type { UploadPlan } from './upload-plan.ts'
import type { UploadTarget } from './upload-target.ts'

/** A part that has arrived. */
export interface SentPart extends UploadedPart {
  readonly bytes: number
}

/** Sends all parts of a body, as many at once as there is memory for, and returns them in order. */
export async function sendParts(
  target: UploadTarget,
  plan: UploadPlan,
  parts: PartReader,
  first: Part,
  uploadId: string,
): Promise<readonly SentPart[]> {
  const sent: SentPart[] = []
  const send = async (part: Part): Promise<void> => {
    try {
      const { number, digest, body } = part
      const etag = await sendPart(target, plan, part, uploadId)
      sent[number - 1] = { number, etag, digest, bytes: body.byteLength }
      target.context.buffers.give(body)
    } finally {
      part.permit.release()
    }
    const sentBytes = sent.reduce((sum, { bytes }) => sum + bytes, 0)
    plan.onProgress?.({ sentBytes, totalBytes: plan.bytes })
  }
  try {
    await taskGroup(
      async (group) => {
        for (let part = first; ; part = await parts.next()) {
          const current = part
          try {
            group.spawn(() => send(current), { name: 'part' })
          } catch (error) {
            current.permit.release()
            throw error
          }
          if (await parts.atEnd()) return
        }
      },
      { name: 'storage.upload' },
    )
  } catch (error) {
    throwIfCancelled()
    // The other parts most likely failed for the same reason.
    const failed: unknown = error instanceof AggregateError ? error.errors[0] : error
    // Only parts were sent, so there is no object.
    throw translated(target.context, target.subject, 'read', failed)
  }
  return sent
}

/** Sends a part, unless an earlier upload has sent it, and returns its ETag. */
async function sendPart(
  target: UploadTarget,
  { resumed }: UploadPlan,
  { number, body, digest, sha256 }: Part,
  uploadId: string,
): Promise<string> {
  const { context, key } = target
  const there = resumed?.present.get(number)
  if (isPresent(there, body, digest)) return there.etag
  const init = { uploadId, number, body, digest, sha256 }
  return await step(target, 'putPart', (signal) => context.backend.putPart(key, init, signal))
}

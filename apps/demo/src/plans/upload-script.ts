/**
 * The script of the page of a plan: sends the chosen or dropped file straight to the store, in parts, and shows how
 * far it got. When the connection is lost it goes on as soon as there is one, with the parts that are missing; after
 * the page was loaded again, once the same file is chosen. Without it the form sends the file as forms do.
 *
 * @param entry the address of `@yuzuru/storage/browser`
 */
export const uploadScript = (entry: string): string => `import { uploadFile } from '${entry}'
const form = document.querySelector('#upload')
const input = form.elements.document
const [bar, said, problem] = ['progress', '[role=status]', '[role=alert]'].map((each) => form.querySelector(each))
const button = form.querySelector('button')
// In a row, without a byte that has arrived in between.
const ATTEMPTS = 60

class Refused extends Error {}
class Busy extends Error {}

const show = (share, text) => {
  bar.parentElement.hidden = false
  bar.value = share
  said.textContent = text
}

const ask = async (method, path, json) => {
  const headers = { 'content-type': 'application/json' }
  const body = json && JSON.stringify(json)
  const answer = await fetch(form.dataset.url + path, { method, headers, body })
  const said = await answer.json().catch(() => ({}))
  if (answer.ok) return said
  const { fields = [], message } = said.error ?? {}
  const text = fields.map((field) => field.message).join(' ') || message
  // An upload that is not there any more, or not all there, begins anew; what the server is too busy for comes later.
  if (answer.status === 429) throw new Busy(text)
  const isGone = answer.status === 404 && fields.some(({ field }) => field === 'upload')
  if (answer.status >= 500 || answer.status === 409 || isGone) throw new Error(text)
  throw new Refused(text)
}

const sha256 = async (file) => {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer())
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

// A file that was written anew since it was chosen can't be read any more.
const isReadable = (file) => file.slice(0, 1).arrayBuffer().then(() => true, () => false)

// As soon as there is a network again, else after a while that grows.
const pause = (attempt) => new Promise((resolve) => {
  addEventListener('online', resolve, { once: true })
  setTimeout(resolve, Math.random() * Math.min(500 * 2 ** attempt, 15000))
})

const sendOnce = async (file, announced, onProgress) => {
  const { id, upload } = await ask('POST', '', announced)
  const offline = new AbortController()
  const cut = () => offline.abort(new Error('offline'))
  addEventListener('offline', cut)
  try {
    const renew = async () => (await ask('GET', '/' + id)).upload
    const { signal } = offline
    const etags = await uploadFile(file, upload, { resume: true, attempts: 2, renew, signal, onProgress })
    return await ask('POST', '/' + id + '/complete', { etags })
  } finally {
    removeEventListener('offline', cut)
  }
}

const send = async (file) => {
  // It is read as a whole for its checksum.
  if (file.size > Number(form.dataset.most)) throw new Refused(form.dataset.large)
  if (!await isReadable(file)) throw new Refused(form.dataset.changed)
  const announced = { filename: file.name, bytes: file.size, sha256: await sha256(file) }
  let most = 0
  let failed = 0
  const onProgress = ({ sentBytes, totalBytes }) => {
    if (sentBytes > most) failed = 0
    most = Math.max(most, sentBytes)
    const share = sentBytes / totalBytes
    show(share, form.dataset[share < 1 ? 'sending' : 'checking'] + ' ' + Math.floor(100 * share) + ' %')
  }
  for (;;) {
    try {
      return await sendOnce(file, announced, onProgress)
    } catch (error) {
      failed += 1
      if (error instanceof Refused || failed === ATTEMPTS) throw error
      if (!await isReadable(file)) throw new Refused(form.dataset.changed)
      show(bar.value, error instanceof Busy ? error.message : form.dataset.lost)
      await pause(failed)
    }
  }
}

let isSending = false
form.addEventListener('submit', async (event) => {
  // A second one would cut the first one off.
  if (isSending) return event.preventDefault()
  const [file] = input.files
  // Where a page has no way to compute a checksum the form goes as it is.
  if (file === undefined || globalThis.crypto?.subtle === undefined) return
  event.preventDefault()
  problem.textContent = ''
  button.disabled = isSending = true
  try {
    await send(file)
    return location.assign('?done=document-stored')
  } catch (error) {
    problem.textContent = (error instanceof Refused && error.message) || form.dataset.failed
  }
  bar.parentElement.hidden = true
  button.disabled = isSending = false
})

for (const type of ['dragover', 'dragleave', 'drop']) {
  form.addEventListener(type, (event) => {
    event.preventDefault()
    form.classList.toggle('over', type === 'dragover')
    if (type !== 'drop' || isSending || event.dataTransfer.files.length === 0) return
    input.files = event.dataTransfer.files
    form.requestSubmit()
  })
}
form.dataset.ready = ''
`

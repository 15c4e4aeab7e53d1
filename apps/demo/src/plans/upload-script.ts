/**
 * The script of the page of a plan: sends the chosen or dropped file as it is, so that it streams, shows how far it
 * got, and sends it again when the connection is lost. That is safe: a document takes the place of the one before.
 */
export const UPLOAD_SCRIPT = `const form = document.querySelector('#upload')
const input = form.elements.document
const [bar, said, problem] = ['progress', '[role=status]', '[role=alert]'].map((each) => form.querySelector(each))
const button = form.querySelector('button')
const ATTEMPTS = 8

const show = (share, text) => {
  bar.parentElement.hidden = false
  bar.value = share
  said.textContent = text
}

const send = (file) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest()
  request.open('PUT', form.dataset.url)
  request.responseType = 'json'
  request.setRequestHeader('content-type', 'application/pdf')
  request.setRequestHeader('x-filename', encodeURIComponent(file.name))
  request.upload.onprogress = ({ loaded, total }) =>
    show(loaded / total, form.dataset.sending + ' ' + Math.floor((100 * loaded) / total) + ' %')
  request.onload = () => resolve(request)
  request.onerror = reject
  request.send(file)
})

// As soon as there is a network again, else after a while that grows.
const pause = (attempt) => new Promise((resolve) => {
  addEventListener('online', resolve, { once: true })
  setTimeout(resolve, Math.min(500 * 2 ** attempt, 8000))
})

const upload = async (file) => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send(file)
    } catch (error) {
      if (attempt + 1 === ATTEMPTS) throw error
      show(bar.value, form.dataset.lost)
      await pause(attempt)
    }
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  problem.textContent = ''
  button.disabled = true
  try {
    const { status, response } = await upload(input.files[0])
    if (status === 201) return location.assign('?done=document-stored')
    const { fields = [], message } = response?.error ?? {}
    problem.textContent = fields.map((field) => field.message).join(' ') || message || form.dataset.failed
  } catch {
    problem.textContent = form.dataset.failed
  }
  bar.parentElement.hidden = true
  button.disabled = false
})

button.disabled = false

for (const type of ['dragover', 'dragleave', 'drop']) {
  form.addEventListener(type, (event) => {
    event.preventDefault()
    form.classList.toggle('over', type === 'dragover')
    if (type !== 'drop' || event.dataTransfer.files.length === 0) return
    input.files = event.dataTransfer.files
    form.requestSubmit()
  })
}
`

/** Clients that ask for the hello. */
import { playClients } from '../clients.ts'

playClients(async (pool, path) => {
  const { statusCode, body } = await pool.request({ method: 'GET', path })
  return statusCode === 200 && (await body.text()) === '{"hello":"world"}'
})

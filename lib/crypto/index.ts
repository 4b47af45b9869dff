/** crypto: the primitives behind one provider interface. The providers have doors of their own: `node.ts`, `portable.ts`. */

export type {
  Aead,
  AeadName,
  CryptoProvider,
  GroupName,
  Hash,
  HashName,
  KeyAgreement,
  KeyType,
  Mac,
  PrivateKey,
  PublicKey,
  SignatureScheme,
} from './provider.ts'

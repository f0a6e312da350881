namespace NSec.Cryptography;

/// <summary>
/// How a key is written as bytes; secret formats are negative, as in the published package.
/// </summary>
public enum KeyBlobFormat
{
    None = 0,
    RawSymmetricKey = -1,
    RawPrivateKey = -2,
    RawPublicKey = 1,
}

using System.Buffers.Binary;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Submit;

/// <summary>
/// Makes of a line always the same transaction: the nonce is a hash over the file's digest, the line's number
/// and its attempt, and the valid-until is the journal's.
/// </summary>
internal sealed class LineSigner(string chainId, Digest file, SigningKey key)
{
    public Transaction Sign(long line, int attempt, Operation operation, Timestamp validUntil)
        => Transaction.Sign(
            new(chainId, key.PublicKey, validUntil, NonceOf(line, attempt), [operation]), key);

    private ulong NonceOf(long line, int attempt)
    {
        Span<byte> seed = stackalloc byte[Digest.Size + sizeof(long) + sizeof(int)];
        file.CopyTo(seed);
        BinaryPrimitives.WriteInt64BigEndian(seed[Digest.Size..], line);
        BinaryPrimitives.WriteInt32BigEndian(seed[(Digest.Size + sizeof(long))..], attempt);
        Span<byte> hash = stackalloc byte[Digest.Size];
        Sha256.Hash(seed).CopyTo(hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}

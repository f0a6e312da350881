using System.Diagnostics.CodeAnalysis;
using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>What a sender signs.</summary>
/// <param name="ChainId">The chain it is for.</param>
/// <param name="Sender">Whose account acts.</param>
/// <param name="ValidUntil">No block later than this may hold it; at most a day ahead.</param>
/// <param name="Nonce">The client's choice; two transactions alike but for it are two transactions.</param>
/// <param name="Operations">1 to <see cref="Limits.TransactionOperations"/>.</param>
public sealed record TransactionBody(
    string ChainId, PublicKey Sender, Timestamp ValidUntil, ulong Nonce, IReadOnlyList<Operation> Operations);

/// <summary>
/// A signed transaction. Its hash covers the body and not the signature, so that a client that signs the same
/// body again has sent the same transaction again.
/// </summary>
public sealed class Transaction
{
    private const int SignedBytes = 16 + Digest.Size;

    private Transaction(TransactionBody body, Signature signature, ReadOnlyMemory<byte> encoded, Digest hash)
    {
        Body = body;
        Signature = signature;
        Encoded = encoded;
        Hash = hash;
    }

    public TransactionBody Body { get; }

    public Signature Signature { get; }

    public Digest Hash { get; }

    /// <summary>The canonical encoding: [body, signature].</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    public PublicKey Sender => Body.Sender;

    private static ReadOnlySpan<byte> Domain => "ledger/tx/v1\0\0\0\0"u8;

    /// <summary>Encodes, hashes and signs. The key must be the sender's.</summary>
    public static Transaction Sign(TransactionBody body, SigningKey key)
    {
        if (key.PublicKey != body.Sender)
        {
            throw new ArgumentException("The key is not the sender's.", nameof(key));
        }

        var encodedBody = Canonical.Encode(body, TransactionCodec.WriteBody);
        var hash = TransactionCodec.HashOfBody(encodedBody);
        Span<byte> signed = stackalloc byte[SignedBytes];
        WriteSigned(hash, signed);
        var signature = key.Sign(signed);
        return new(body, signature, TransactionCodec.Join(encodedBody, signature), hash);
    }

    /// <summary>The canonical bytes of a body and the signature that somebody made for it.</summary>
    public static byte[] EncodeSigned(TransactionBody body, Signature signature)
        => TransactionCodec.Join(Canonical.Encode(body, TransactionCodec.WriteBody), signature);

    /// <summary>Decodes without checking the signature, which costs a hundred times more.</summary>
    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out Transaction transaction,
        [NotNullWhen(false)] out string? fault)
    {
        transaction = null;
        if (encoded.Length > Limits.TransactionBytes)
        {
            fault = $"a transaction is longer than {Limits.TransactionBytes} bytes";
            return false;
        }

        if (!Canonical.TryDecode(
            encoded, TransactionCodec.Read, TransactionCodec.Write, out var parts, out fault))
        {
            return false;
        }

        var hash = TransactionCodec.HashOfBody(TransactionCodec.BodyOf(encoded.Span));
        transaction = new(parts.Body, parts.Signature, encoded, hash);
        return true;
    }

    /// <summary>The one signature check of a transaction, the same wherever it is made.</summary>
    public bool SignatureIsValid()
    {
        Span<byte> signed = stackalloc byte[SignedBytes];
        WriteSigned(Hash, signed);
        return Ed25519Verifier.Verify(Sender, signed, Signature);
    }

    /// <summary>The leaf of this transaction in its block's transactions tree: hash and signature.</summary>
    public Digest Leaf()
    {
        Span<byte> leaf = stackalloc byte[Digest.Size + Signature.Size];
        Hash.CopyTo(leaf);
        Signature.CopyTo(leaf[Digest.Size..]);
        return MerkleTree.LeafHash(leaf);
    }

    public override string ToString() => Hash.ToShortString();

    private static void WriteSigned(Digest hash, Span<byte> target)
    {
        Domain.CopyTo(target);
        hash.CopyTo(target[16..]);
    }
}

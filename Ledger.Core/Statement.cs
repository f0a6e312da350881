using System.Buffers.Binary;
using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>What a signed statement says; the numbers are part of the protocol.</summary>
public enum StatementKind : byte
{
    Prepare = 1,
    Commit = 2,
    ViewChange = 3,
    NewView = 4,

    /// <summary>Raft: a vote for the candidate whose index stands in the certified view's place.</summary>
    Vote = 5,

    /// <summary>Raft: a log is durable up to the index that stands in the height's place.</summary>
    Append = 6,
}

/// <summary>
/// What a validator signs: a short value of fixed layout, never an encoder's output. All votes of one
/// certificate sign the very same bytes.
/// </summary>
/// <param name="Chain">The genesis hash, so that no statement means anything on another chain.</param>
/// <param name="Kind">What is said.</param>
/// <param name="View">The view it is said in (for a VIEW-CHANGE: the view that is asked for).</param>
/// <param name="CertifiedView">In a VIEW-CHANGE the view of the reported certificate, otherwise zero.</param>
/// <param name="Height">The height of the block that is meant.</param>
/// <param name="Digest">The hash of that block (in a NEW-VIEW: of its timeout certificate).</param>
public readonly record struct Statement(
    Digest Chain, StatementKind Kind, View View, View CertifiedView, Height Height, Digest Digest)
{
    /// <summary>
    /// 16 bytes of domain, 32 of chain, 1 of kind, 3 × 8 of numbers (big-endian), 32 of digest.
    /// </summary>
    public const int Size = 16 + Digest.Size + 1 + (3 * sizeof(ulong)) + Digest.Size;

    private static ReadOnlySpan<byte> Domain => "ledger/vote/v1\0\0"u8;

    /// <summary>Whether this key's owner signed it, by the one equation for all signatures.</summary>
    public static bool IsSignedBy(in PublicKey key, in Statement statement, in Signature signature)
    {
        Span<byte> bytes = stackalloc byte[Size];
        statement.WriteTo(bytes);
        return Ed25519Verifier.Verify(key, bytes, signature);
    }

    /// <summary>Writes the signed bytes.</summary>
    /// <param name="target">At least <see cref="Size"/> bytes.</param>
    public void WriteTo(Span<byte> target)
    {
        Domain.CopyTo(target);
        Chain.CopyTo(target[16..]);
        target[48] = (byte)Kind;
        BinaryPrimitives.WriteUInt64BigEndian(target[49..], View.Value);
        BinaryPrimitives.WriteUInt64BigEndian(target[57..], CertifiedView.Value);
        BinaryPrimitives.WriteUInt64BigEndian(target[65..], Height.Value);
        Digest.CopyTo(target[73..]);
    }
}

using System.Diagnostics.CodeAnalysis;
using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// One of two contradicting votes: for which block, and the signature that proves who gave it.
/// </summary>
public readonly record struct SignedVote(Digest Block, Signature Signature);

/// <summary>
/// Which offence: a validator may vote for one block only per kind, view and height, so that a third vote
/// adds none.
/// </summary>
public readonly record struct Offence(PublicKey Validator, StatementKind Kind, View View, Height Height);

/// <summary>
/// Checks a validator's signature under a statement: Ed25519, or what stands for it in the simulator.
/// </summary>
public delegate bool StatementVerifier(
    in PublicKey validator, in Statement statement, in Signature signature);

/// <summary>
/// Proof that one validator voted for two blocks where it may vote for one. It stands for itself: whoever
/// knows the genesis and the validator's key can check it, whoever shows it.
/// </summary>
/// <param name="Offence">What it proves.</param>
/// <param name="First">The vote for the lower of the two digests, so that two votes make one proof.</param>
/// <param name="Second">The other.</param>
public sealed record Evidence(Offence Offence, SignedVote First, SignedVote Second)
{
    /// <summary>An upper bound of its encoding's bytes.</summary>
    public const int BytesMax = 320;

    /// <summary>Puts two votes in their order.</summary>
    public static Evidence Of(Offence offence, SignedVote one, SignedVote other)
        => one.Block.CompareTo(other.Block) < 0 ? new(offence, one, other) : new(offence, other, one);

    public static bool TryDecode(
        ReadOnlyMemory<byte> encoded,
        [MaybeNullWhen(false)] out Evidence evidence,
        [NotNullWhen(false)] out string? fault)
        => Canonical.TryDecode(encoded, Read, Write, out evidence, out fault);

    public byte[] Encode() => Canonical.Encode(this, Write);

    /// <summary>
    /// Whether the validator signed both votes. Votes of these kinds name the height, and each height has one
    /// set of validators; no correct validator signs two of them (S1).
    /// </summary>
    public bool IsSigned(Digest chain, StatementVerifier verify)
        => verify(Offence.Validator, StatementOn(chain, First), First.Signature)
            && verify(Offence.Validator, StatementOn(chain, Second), Second.Signature);

    /// <summary>What can be said of it by itself, without keys.</summary>
    /// <returns>Null when it is well-formed.</returns>
    public static string? FaultIn(Evidence evidence)
    {
        if (evidence.Offence.Kind is not (StatementKind.Prepare or StatementKind.Commit))
        {
            return "evidence is of prepares or of commits";
        }

        if (evidence.Offence.Height == Height.Genesis)
        {
            return "nobody votes for the genesis block";
        }

        return evidence.First.Block.CompareTo(evidence.Second.Block) < 0
            ? null
            : "evidence is of two different blocks, the lower digest first";
    }

    internal static void Write(ref MessagePackWriter writer, Evidence evidence)
    {
        writer.WriteArrayHeader(8);
        Fields.WriteKey(ref writer, evidence.Offence.Validator);
        writer.Write((byte)evidence.Offence.Kind);
        writer.Write(evidence.Offence.View.Value);
        writer.Write(evidence.Offence.Height.Value);
        Fields.WriteDigest(ref writer, evidence.First.Block);
        Fields.WriteSignature(ref writer, evidence.First.Signature);
        Fields.WriteDigest(ref writer, evidence.Second.Block);
        Fields.WriteSignature(ref writer, evidence.Second.Signature);
    }

    internal static Evidence Read(ref MessagePackReader reader)
    {
        Fields.ReadFixedArray(ref reader, 8, "evidence");
        Offence offence = new(
            Fields.ReadKey(ref reader), (StatementKind)reader.ReadByte(), Fields.ReadView(ref reader),
            Fields.ReadHeight(ref reader));
        return new(
            offence, new(Fields.ReadDigest(ref reader), Fields.ReadSignature(ref reader)),
            new(Fields.ReadDigest(ref reader), Fields.ReadSignature(ref reader)));
    }

    private Statement StatementOn(Digest chain, SignedVote vote)
        => new(chain, Offence.Kind, Offence.View, View.Zero, Offence.Height, vote.Block);
}

using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>One validator's signature inside a certificate.</summary>
public readonly record struct Signer(ValidatorIndex Validator, Signature Signature);

/// <summary>
/// A quorum's signatures under one statement: of kind <see cref="StatementKind.Prepare"/> it proves that no
/// other block can be prepared in its view at its height, of kind <see cref="StatementKind.Commit"/> that its
/// block and all ancestors are final. Signers stand in ascending order, each once.
/// </summary>
public sealed class QuorumCertificate : IEquatable<QuorumCertificate>
{
    public QuorumCertificate(StatementKind kind, Subject subject, IReadOnlyList<Signer> signers)
    {
        Kind = kind;
        Subject = subject;
        Signers = signers;
    }

    public StatementKind Kind { get; }

    public Subject Subject { get; }

    public IReadOnlyList<Signer> Signers { get; }

    /// <summary>The certificate that everyone holds from the start: genesis needs no votes.</summary>
    public static QuorumCertificate ForGenesis(Digest genesisBlock)
        => new(StatementKind.Prepare, new(View.Zero, Height.Genesis, genesisBlock), []);

    public Statement StatementOn(Digest chain)
        => new(chain, Kind, Subject.View, View.Zero, Subject.Height, Subject.Block);

    public bool Equals(QuorumCertificate? other)
        => other is not null && Kind == other.Kind && Subject == other.Subject
            && Signers.SequenceEqual(other.Signers);

    public override bool Equals(object? obj) => Equals(obj as QuorumCertificate);

    public override int GetHashCode() => Subject.GetHashCode();
}

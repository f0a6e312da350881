using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Consensus;

/// <summary>The only place where this validator's key signs consensus statements.</summary>
internal sealed class NodeVoice(SigningKey key, ValidatorDirectory directory) : IVoice
{
    public ValidatorIndex Self => directory.Self;

    public Digest Chain { get; } = directory.Genesis.Hash;

    public Signature Sign(in Statement statement)
    {
        Span<byte> bytes = stackalloc byte[Statement.Size];
        statement.WriteTo(bytes);
        return key.Sign(bytes);
    }
}

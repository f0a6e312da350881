using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Transport;

/// <summary>Who this node is on the network: its chain, its key, and the set it is a member of.</summary>
public sealed class NodeIdentity
{
    public NodeIdentity(string chainId, Digest genesis, SigningKey key, ValidatorSet validators)
    {
        ChainId = chainId;
        Genesis = genesis;
        Key = key;
        Validators = validators;
        Self = validators.IndexOf(key.PublicKey)
            ?? throw new ArgumentException("The key belongs to no validator of the set.", nameof(key));
    }

    public string ChainId { get; }

    public Digest Genesis { get; }

    public SigningKey Key { get; }

    public ValidatorSet Validators { get; }

    public ValidatorIndex Self { get; }
}

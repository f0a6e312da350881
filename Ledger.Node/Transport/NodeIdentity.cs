using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Transport;

/// <summary>
/// Who this node is on the network: its chain, its key, and the validators as it knows them.
/// </summary>
public sealed class NodeIdentity
{
    private volatile ValidatorSet _validators;

    public NodeIdentity(string chainId, Digest genesis, SigningKey key, ValidatorSet validators)
    {
        ChainId = chainId;
        Genesis = genesis;
        Key = key;
        _validators = validators;
    }

    public string ChainId { get; }

    public Digest Genesis { get; }

    public SigningKey Key { get; }

    public ValidatorSet Validators => _validators;

    /// <summary><see cref="ValidatorIndex.None"/> while the key is none of the set's.</summary>
    public ValidatorIndex Self => Validators.IndexOf(Key.PublicKey) ?? ValidatorIndex.None;

    internal void Follow(ValidatorSet validators) => _validators = validators;
}

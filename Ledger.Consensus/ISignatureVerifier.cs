using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus;

/// <summary>
/// Checks one validator's signature: Ed25519 in a node, something cheaper and as strict in the simulator.
/// </summary>
public interface ISignatureVerifier
{
    bool Verify(ValidatorIndex validator, in Statement statement, in Signature signature);
}

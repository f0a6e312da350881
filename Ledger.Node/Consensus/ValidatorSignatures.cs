using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;
using Prometheus;

namespace Ledger.Node.Consensus;

/// <summary>The validators' keys, imported once. Stateless after that: all peers' readers share it.</summary>
internal sealed class ValidatorSignatures(ValidatorSet validators, Counter verifications) : ISignatureVerifier
{
    private readonly VerifierKey?[] _keys = [.. validators.Members.Select(v => VerifierKey.TryImport(v.PublicKey))];

    public bool Verify(ValidatorIndex validator, in Statement statement, in Signature signature)
    {
        if (validator.Value >= _keys.Length || _keys[validator.Value] is not { } key)
        {
            return false;
        }

        verifications.Inc();
        Span<byte> bytes = stackalloc byte[Statement.Size];
        statement.WriteTo(bytes);
        return key.Verify(bytes, signature);
    }
}

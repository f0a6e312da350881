using Ledger.Consensus;
using Ledger.Core;
using Ledger.Crypto;
using Prometheus;

namespace Ledger.Node.Consensus;

/// <summary>
/// The keys of all who ever were validators, each imported once; whose signature counts is for the gate to
/// say. All peers' readers share it.
/// </summary>
internal sealed class ValidatorSignatures(ValidatorDirectory directory, Counter verifications)
    : ISignatureVerifier
{
    private volatile VerifierKey?[] _keys = [];

    public bool Verify(ValidatorIndex validator, in Statement statement, in Signature signature)
    {
        if (KeyOf(validator) is not { } key)
        {
            return false;
        }

        verifications.Inc();
        Span<byte> bytes = stackalloc byte[Statement.Size];
        statement.WriteTo(bytes);
        return key.Verify(bytes, signature);
    }

    private VerifierKey? KeyOf(ValidatorIndex seat)
    {
        // Seats are only ever added: who finds too few of them imports the rest, twice at worst.
        var keys = _keys;
        var history = directory.History;
        if (keys.Length < history.Seats)
        {
            _keys = keys =
            [
                .. keys,
                .. Enumerable.Range(keys.Length, history.Seats - keys.Length).Select(
                    i => VerifierKey.TryImport(history.Find(new(i))!.PublicKey)),
            ];
        }

        return seat.Value < keys.Length ? keys[seat.Value] : null;
    }
}

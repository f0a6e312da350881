using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Gossip;
using Ledger.Node.Mempool;

namespace Ledger.Node.Offences;

/// <summary>
/// Puts a proof into a transaction of this validator's own key, through the same door as everybody's. Anyone
/// may report: the proof counts, not the reporter.
/// </summary>
internal sealed class EvidenceReporter(
    string chainId, SigningKey key, Admission admission, TransactionGossip gossip, TimeProvider clock)
{
    /// <summary>A report that did not become final in this time is made anew.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    public async Task ReportAsync(Evidence evidence, CancellationToken cancellationToken)
    {
        var now = new Timestamp(clock.GetUtcNow().ToUnixTimeMilliseconds());
        var transaction = Transaction.Sign(
            new(
                chainId, key.PublicKey, now.Plus(Lifetime), (ulong)now.UnixMilliseconds,
                [new Operation.Report(evidence)]),
            key);
        var answers = await admission.AdmitAsync([transaction.Encoded], isVouched: false, cancellationToken)
            .ConfigureAwait(false);
        foreach (var answer in answers)
        {
            if (answer.IsAdmitted)
            {
                gossip.Broadcast([answer.Transaction!]);
            }
        }
    }
}

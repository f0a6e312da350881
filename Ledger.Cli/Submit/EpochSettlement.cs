using Ledger.Cli.Client;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Node.Api;

namespace Ledger.Cli.Submit;

/// <summary>
/// Closes an epoch that has run out (J2): asks for each line that may have been sent in it whether it became
/// final. One that did not never will, once a final block is later than its valid-until: no later block may
/// hold it.
/// </summary>
/// <param name="client">Of one node only: another one may lag behind the block that the verdict rests
/// on.</param>
/// <param name="file">What was sent.</param>
/// <param name="signer">Builds it again.</param>
/// <param name="journal">Learns the outcomes.</param>
internal sealed class EpochSettlement(
    NodeClient client, OperationFile file, LineSigner signer, SubmitJournal journal)
{
    public async Task RunAsync(Timestamp validUntil, CancellationToken cancellationToken)
    {
        // The block is read before the lines: what is final by then is found below, and nothing becomes final
        // after.
        var latest = await client.GetAsync<BlockReply>("v1/blocks/latest", cancellationToken);
        var isOver = latest.Time > validUntil.UnixMilliseconds;

        await foreach (var line in file.ReadAsync(cancellationToken))
        {
            if (line.Number > journal.ReservedThrough)
            {
                break;
            }

            if (line.Operation is null || !journal.Lines.IsOpen(line.Number))
            {
                continue;
            }

            var attempt = journal.Lines.AttemptOf(line.Number);
            var sent = signer.Sign(line.Number, attempt, line.Operation, validUntil);
            var reply = await client.FindAsync<TransactionReply>(
                $"v1/transactions/{sent.Hash}", cancellationToken);
            if (reply is { IsFinal: true })
            {
                Record(line.Number, reply);
            }
            else if (!isOver)
            {
                throw new CliException(
                    $"line {line.Number} was sent by an earlier run, and whether it was applied cannot be "
                    + "told yet: the chain has made no block since it was valid",
                    "submit any other transaction, then run this again");
            }
        }

        journal.Sync();
    }

    private void Record(long line, TransactionReply reply)
    {
        if (reply.IsApplied)
        {
            journal.Applied(line);
        }
        else
        {
            journal.Failed(line);
        }
    }
}

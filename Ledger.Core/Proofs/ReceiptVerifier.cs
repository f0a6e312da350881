using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>
/// Checks a receipt with the genesis and nothing else: no node, no network, no clock. A pure function of the
/// two.
/// </summary>
public static class ReceiptVerifier
{
    public static Verdict Verify(ReceiptProof proof, Genesis genesis)
        => FaultIn(proof, genesis) is { } fault ? Verdict.Of(fault) : Verdict.Of(Describe(proof, genesis));

    private static string? FaultIn(ReceiptProof proof, Genesis genesis)
    {
        if (proof.Genesis != genesis.Hash)
        {
            return $"it is of the chain with genesis {proof.Genesis}, this genesis is {genesis.Hash}";
        }

        var transaction = proof.Transaction;
        if (transaction.Body.ChainId != genesis.ChainId)
        {
            return $"the transaction is for chain '{transaction.Body.ChainId}' and not for "
                + $"'{genesis.ChainId}'";
        }

        if (proof.Receipt.Transaction != transaction.Hash)
        {
            return "the outcome is of another transaction";
        }

        if (proof.TransactionPath.RootFrom(transaction.Leaf()) != proof.Finality.Header.TransactionsRoot)
        {
            return $"the transaction is not shown to be in block {proof.Finality.Header.Height}";
        }

        if (proof.ReceiptPath.RootFrom(
            ReceiptTree.LeafOf(proof.Receipt)) != proof.Finality.Header.ReceiptsRoot)
        {
            return $"the outcome is not shown to be that of block {proof.Finality.Header.Height}";
        }

        return transaction.SignatureIsValid()
            ? FinalityVerifier.FaultIn(proof.Finality, genesis)
            : "the sender's signature is not valid";
    }

    private static List<string> Describe(ReceiptProof proof, Genesis genesis)
    {
        var header = proof.Finality.Header;
        var body = proof.Transaction.Body;
        var proposer =
            FinalityVerifier.ValidatorsAt(header.Height, proof.Finality, genesis)[header.Proposer].Name;
        List<string> words =
        [
            $"transaction {proof.Transaction.Hash} was signed by account {body.Sender}",
            $"it is in block {header.Height} of chain '{genesis.ChainId}', which {proposer} "
                + $"proposed at {Words.Of(header.Time)}",
            proof.Receipt.IsApplied
                ? "all of its operations took effect:"
                : $"none of its operations took effect, since operation {proof.Receipt.FailedOperation} "
                    + $"failed ({ProofLayout.NameOf(proof.Receipt.Failure)}):",
        ];
        words.AddRange(body.Operations.Select((operation, index) => $"  {index}: {Words.Of(operation)}"));
        words.AddRange(FinalityVerifier.DescribeChanges(proof.Finality, genesis));
        words.Add(FinalityVerifier.Describe(proof.Finality, genesis));
        return words;
    }
}

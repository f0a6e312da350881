namespace Ledger.Core;

/// <summary>Checks a proof of any kind with the genesis and nothing else.</summary>
public static class ProofVerifier
{
    public static Verdict Verify(Proof proof, Genesis genesis) => proof switch
    {
        ReceiptProof receipt => ReceiptVerifier.Verify(receipt, genesis),
        KeyProof key => StateVerifier.Verify(key, genesis),
        PrefixProof prefix => StateVerifier.Verify(prefix, genesis),
        HeadersProof headers => LightClient.Verify(headers, genesis),
        _ => Verdict.Of("it is a proof of no known kind"),
    };
}

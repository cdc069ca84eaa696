"use strict";(()=>{
const $=(s,r=document)=>r.querySelector(s),$$=(s,r=document)=>[...r.querySelectorAll(s)];
const el=(t,c,x)=>{const e=document.createElement(t);if(c)e.className=c;if(x!=null)e.textContent=x;return e};

// colour scheme: automatic, light, dark
{const b=$(".mode"),M=["auto","light","dark"];let i=0;
 const show=()=>{const m=M[i];m=="auto"?delete document.documentElement.dataset.mode:document.documentElement.dataset.mode=m;b.textContent=m[0].toUpperCase()+m.slice(1);b.setAttribute("aria-label","Colour scheme: "+m)};
 try{i=Math.max(0,M.indexOf(localStorage.getItem("mode")))}catch{}
 b.hidden=false;b.onclick=()=>{i=(i+1)%3;try{localStorage.setItem("mode",M[i])}catch{}show()};show()}

// a link to a receipt opens its lists
const open=()=>{let t;try{t=document.getElementById(decodeURIComponent(location.hash.slice(1)))}catch{}
 if(!t)return;if(t.matches("details"))t.open=true;const d=t.matches(".receipt")&&$("details",t);if(d)d.open=true;t.scrollIntoView()};
addEventListener("hashchange",open);open();

// tooltips: Escape closes, a tap opens on phones that don't focus buttons
document.addEventListener("click",e=>{const i=e.target.closest?.(".info");$$(".info.on").forEach(x=>x!=i&&x.classList.remove("on"));if(i&&e.target.closest("button"))i.classList.toggle("on")});
document.addEventListener("keydown",e=>{if(e.key!="Escape")return;$$(".info").forEach(x=>{x.classList.remove("on");x.classList.add("off")})});
for(const k of["focusin","pointerover","click"])document.addEventListener(k,e=>{const i=e.target.closest?.(".info");$$(".info.off").forEach(x=>x!=i&&x.classList.remove("off"));if(i)place($("[role=tooltip]",i))});
// a tooltip near the right edge moves left
function place(t){t.style.left="";if(getComputedStyle(t).position!="absolute")return;const over=t.getBoundingClientRect().right-document.documentElement.clientWidth+10;if(over>0)t.style.left=-8-over+"px"}

// tabs: without this script every panel is simply shown
let tn=0;
$$(".tabs").forEach(box=>{const ps=$$(":scope>.tab",box),bar=el("div","tablist");bar.setAttribute("role","tablist");box.prepend(bar);
 const pick=(k,f)=>{ps.forEach((p,j)=>{p.hidden=j!=k;const t=bar.children[j];t.setAttribute("aria-selected",j==k);t.tabIndex=j==k?0:-1});f&&bar.children[k].focus()};
 ps.forEach((p,j)=>{const b=el("button",0,p.dataset.tab);b.type="button";b.setAttribute("role","tab");b.id="t"+ ++tn;p.setAttribute("role","tabpanel");p.setAttribute("aria-labelledby",b.id);
  b.onclick=()=>pick(j);b.onkeydown=e=>{const d={ArrowRight:1,ArrowLeft:-1}[e.key];if(d)pick((j+d+ps.length)%ps.length,1)};bar.append(b)});
 pick(0)});

// chart tooltips: the numbers are read from the chart's own data table
document.addEventListener("pointermove",e=>{const p=e.target.closest?.(".plot");$$(".plot").forEach(q=>q!=p&&clear(q));if(p){const r=p.getBoundingClientRect();tip(p,(e.clientX-r.left)/r.width)}});
document.addEventListener("keydown",e=>{const p=e.target.closest?.(".plot"),d={ArrowRight:1,ArrowLeft:-1}[e.key];if(!p)return;if(e.key=="Escape")return clear(p);if(d){e.preventDefault();const n=rows(p).length;p._k=Math.min(n-1,Math.max(0,(p._k??(d>0?-1:n))+d));tip(p,null,p._k)}});
document.addEventListener("focusout",e=>{const p=e.target.closest?.(".plot");p&&clear(p)});
const rows=p=>$$("tbody tr",p.parentNode),clear=p=>{$$(".cx,.tip",p).forEach(x=>x.remove());p._k=null};
function tip(p,fx,k){const rs=rows(p),n=rs.length,band=p.dataset.mode=="band",X=i=>band?(i+.5)/n:n>1?i/(n-1):.5;
 if(k==null)k=Math.max(0,Math.min(n-1,band?Math.floor(fx*n):Math.round(fx*(n-1))));
 if(p._k===k&&$(".tip",p)&&fx!=null)return;clear(p);p._k=k;
 const c=el("i","cx");c.style.left=X(k)*100+"%";const t=el("div","tip");t.setAttribute("role","status");t.append(el("b",0,rs[k].cells[0].textContent));
 $$("thead th",p.parentNode).forEach((h,j)=>{const s=el("span");s.append(el("span",0,h.textContent),el("em",0,rs[k].cells[j+1].textContent));t.append(s)});
 t.style[X(k)>.55?"right":"left"]=`calc(${(X(k)>.55?1-X(k):X(k))*100}% + 10px)`;t.style.top="0";p.append(c,t)}
})();

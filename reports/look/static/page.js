"use strict";(()=>{
const $=(s,r=document)=>r.querySelector(s),$$=(s,r=document)=>[...r.querySelectorAll(s)];
const el=(t,c,x)=>{const e=document.createElement(t);if(c)e.className=c;if(x!=null)e.textContent=x;return e};

// colour scheme: automatic, light, dark
{const b=$(".mode"),M=["auto","light","dark"];let i=0;
 const show=()=>{const m=M[i];m=="auto"?delete document.documentElement.dataset.mode:document.documentElement.dataset.mode=m;b.textContent=m[0].toUpperCase()+m.slice(1);b.setAttribute("aria-label","Colour scheme: "+m)};
 try{i=Math.max(0,M.indexOf(localStorage.getItem("mode")))}catch{}
 b.hidden=false;b.onclick=()=>{i=(i+1)%3;try{localStorage.setItem("mode",M[i])}catch{}show()};show()}

// the address says where one is and what is chosen: #section?period=mtd&owner=all
const at=()=>{const[id,q=""]=location.hash.slice(1).split("?");try{return[decodeURIComponent(id),new URLSearchParams(q)]}catch{return["",new URLSearchParams]}};
const put=(set,again)=>{const[id,q]=at();for(const k in set)q.set(k,set[k]);const h="#"+encodeURIComponent(id)+"?"+q;again?location.replace(h):location.hash=h};

// a link to a receipt opens its lists
let here="";
const open=()=>{const[id]=at(),t=id!=here&&document.getElementById(here=id);
 if(!t)return;if(t.matches("details"))t.open=true;const d=t.matches(".receipt")&&$("details",t);if(d)d.open=true;t.scrollIntoView()};
addEventListener("hashchange",open);open();
// what is chosen goes along to the other sections
const along=()=>{const q=at()[1]+"";$$(".sections a").forEach(a=>a.hash=a.hash.split("?")[0]+(q&&"?"+q))};
addEventListener("hashchange",along);along();

// filters: the server has rendered every choice; here the chosen one is unpacked and put in place
{const form=$(".filters");if(form){const names=form.dataset.by.split(" "),line=$(".shown");let shown;
 const choices=names.map(n=>$$("[name="+n+"] option,input[name="+n+"]",form)),first=choices.map(c=>c.findIndex(o=>o.defaultSelected||o.defaultChecked));
 const packs=$$("script[data-for]").map(s=>{let read;return{box:document.getElementById(s.dataset.for),
  read:()=>read??=new Response(new Blob([Uint8Array.from(atob(s.textContent),c=>c.charCodeAt(0))]).stream().pipeThrough(new DecompressionStream("deflate"))).json()}});
 const show=async()=>{const q=at()[1],k=choices.map((c,i)=>{const j=c.findIndex(o=>o.value==q.get(names[i]));return j<0?first[i]:j});
  k.forEach((j,i)=>{const o=choices[i][j];if("selected"in o)o.selected=true;else{o.checked=true;const l=o.parentNode;l.parentNode.scrollLeft=l.offsetLeft-l.parentNode.clientWidth/2+l.offsetWidth/2}});
  $$("[data-step]",form).forEach(b=>{const i=names.indexOf(b.dataset.for);b.disabled=!choices[i][k[i]+ +b.dataset.step]});
  const said=k.map((j,i)=>choices[i][j].dataset.note).join(" · ");if(line.textContent!=said)line.textContent=said;
  const n=k.reduce((n,j,i)=>n*choices[i].length+j,0);if(n===shown)return;shown=n;
  for(const p of packs){const d=await p.read();if(shown!==n)return;p.box.innerHTML=d.of[d.at[n]];tabs(p.box)}
  document.documentElement.dataset.shown=n};
 shown=first.reduce((n,j,i)=>n*choices[i].length+j,0);
 form.hidden=false;form.onsubmit=e=>e.preventDefault();
 form.onchange=e=>{put({[e.target.name]:e.target.value});show()};
 form.onclick=e=>{const b=e.target.closest("[data-step]");if(!b)return;const s=form.elements[b.dataset.for];s.selectedIndex+=+b.dataset.step;put({[s.name]:s.value});show()};
 addEventListener("hashchange",show);show();
 const soon=self.requestIdleCallback||(f=>setTimeout(f,200));soon(async()=>{for(const p of packs)await p.read();document.documentElement.dataset.ready=1})}}

// what if: each step of the chain is the one before, divided by its rate; decimals are carried
$$(".whatif").forEach(form=>{const fields=$$("[data-of]",form),q=at()[1];
 const value=i=>(i.value==i.defaultValue?+i.dataset.exact:i.value===""?NaN:+i.value)/(i.dataset.percent?100:1);
 const work=()=>{let v=value(fields[0]);fields.slice(1).forEach(i=>{v/=value(i);const o=$(`[data-step=${i.dataset.of}]`,form),ok=Number.isFinite(v);
  $("b",o).textContent=ok?Math.ceil(v-1e-9).toLocaleString("en"):"–";$("small",o).textContent=ok?v.toLocaleString("en",{maximumFractionDigits:4}):""})};
 const both=(i,v)=>{i.value=v;i.nextElementSibling.value=v};
 fields.forEach(i=>{const v=q.get(i.name);if(v!==null&&v!==""&&+v>=0)both(i,v)});
 form.oninput=e=>{const i=e.target.dataset.of?e.target:e.target.previousElementSibling;both(i,e.target.value);work();clearTimeout(form.t);form.t=setTimeout(()=>put({[i.name]:i.value},1),150)};
 form.onreset=()=>setTimeout(()=>{fields.forEach(i=>both(i,i.defaultValue));work();const[id,q]=at();fields.forEach(i=>q.delete(i.name));location.replace("#"+encodeURIComponent(id)+(q+""&&"?"+q))});
 form.onsubmit=e=>e.preventDefault();form.hidden=false;work()});

// tooltips: Escape closes, a tap opens on phones that don't focus buttons
document.addEventListener("click",e=>{const i=e.target.closest?.(".info");$$(".info.on").forEach(x=>x!=i&&x.classList.remove("on"));if(i&&e.target.closest("button"))i.classList.toggle("on")});
document.addEventListener("keydown",e=>{if(e.key!="Escape")return;$$(".info").forEach(x=>{x.classList.remove("on");x.classList.add("off")})});
for(const k of["focusin","pointerover","click"])document.addEventListener(k,e=>{const i=e.target.closest?.(".info");$$(".info.off").forEach(x=>x!=i&&x.classList.remove("off"));if(i)place($("[role=tooltip]",i))});
// a tooltip near the right edge moves left
function place(t){t.style.left="";if(getComputedStyle(t).position!="absolute")return;const over=t.getBoundingClientRect().right-document.documentElement.clientWidth+10;if(over>0)t.style.left=-8-over+"px"}

// tabs: without this script every panel is simply shown
let tn=0;
function tabs(root){$$(".tabs",root).forEach(box=>{const ps=$$(":scope>.tab",box),bar=el("div","tablist");bar.setAttribute("role","tablist");box.prepend(bar);
 const pick=(k,f)=>{ps.forEach((p,j)=>{p.hidden=j!=k;const t=bar.children[j];t.setAttribute("aria-selected",j==k);t.tabIndex=j==k?0:-1});f&&bar.children[k].focus()};
 ps.forEach((p,j)=>{const b=el("button",0,p.dataset.tab);b.type="button";b.setAttribute("role","tab");b.id="t"+ ++tn;p.setAttribute("role","tabpanel");p.setAttribute("aria-labelledby",b.id);
  b.onclick=()=>pick(j);b.onkeydown=e=>{const d={ArrowRight:1,ArrowLeft:-1}[e.key];if(d)pick((j+d+ps.length)%ps.length,1)};bar.append(b)});
 pick(0)})}
tabs(document);

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
